"""PET series: what their headers say of the injection, and standardised uptake values (SUV) from it."""
