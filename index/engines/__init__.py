"""One module per full-text engine; see `index.engine` for the protocol they keep."""
