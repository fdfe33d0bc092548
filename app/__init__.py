"""The only place that may import everything: the command line, the wire, the processes."""

VERSION = "0.1.0"
