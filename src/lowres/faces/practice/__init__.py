"""Practice questions about a study, section by section, every answer made of the study's own facts."""
