"""Makes vectors of pictures, and keeps them as files. Plain Python: no database, no Django."""
