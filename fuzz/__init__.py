"""Coverage-guided fuzz targets; `make fuzz` runs them."""
