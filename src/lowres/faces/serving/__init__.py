"""The HTTP server: several models and versions behind two public protocols, a page, and limits on everything."""
