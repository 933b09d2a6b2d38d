"""The platform's own importer, panimg, as a second opinion on an output where it is installed."""
