"""What capture costs a product, beside other packages that do part of the same."""
