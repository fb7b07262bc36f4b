"""The study folder and the files in it: each written whole, and known by its hash."""
