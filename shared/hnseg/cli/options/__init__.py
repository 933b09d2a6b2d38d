"""Options of the verbs, as typer takes them."""
