"""The page and the card of a study: what they tell, in which words, and how it is drawn."""
