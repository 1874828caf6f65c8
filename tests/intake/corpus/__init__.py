"""Generated letters and what is to be read of them."""
