"""Picture files and what decodes them: one by one as they are asked for, in batches, or all of one size."""
