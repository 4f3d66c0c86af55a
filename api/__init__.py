"""The doors: settings, command line, REST, GraphQL."""
