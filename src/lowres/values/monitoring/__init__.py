"""What is known of a served model: each prediction as it was recorded, many of them as columns, and people's labels."""
