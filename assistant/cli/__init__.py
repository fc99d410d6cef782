"""The command line: verbs that parse, call the domain, and print. JSON goes to stdout, everything else to stderr."""
