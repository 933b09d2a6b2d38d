"""HaN-Seg 2023: 30 organs at risk on a planning CT, with the help of a T1 MR that is not registered to it."""
