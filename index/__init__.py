"""The shelf: sources, store, analysis, query language, engines, and the service over them."""
