"""The platform's own importer, panimg: its rules, and itself as a second opinion where it is installed."""
