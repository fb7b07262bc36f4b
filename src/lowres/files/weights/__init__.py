"""Published weights: where they are found, and the formats that are read without the framework that wrote them."""
