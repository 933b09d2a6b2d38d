"""Container of HN-UISeg: tumour and nodes on PET/CT or CT, how sure they are, and corrections by clicks."""
