"""Networks made for pictures of about 32 pixels, at their published definitions, trained from scratch."""
