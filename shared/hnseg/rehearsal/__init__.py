"""The real image under the platform's rules, on this machine, before the upload."""
