"""How both Java servers are run."""

from __future__ import annotations

# Java's second compiler costs more than it brings in a server that lives for minutes: it is called ten times later than by
# default. Measured over a start of Elasticsearch: 10.4 s of CPU by default, 6.0 s so, 4.7 s without that compiler at all.
_LATER = (
    "-XX:Tier4InvocationThreshold=50000",
    "-XX:Tier4MinInvocationThreshold=6000",
    "-XX:Tier4CompileThreshold=150000",
    "-XX:Tier4BackEdgeThreshold=400000",
)
SERVER_OPTIONS = ("-Xmx512m", "-XX:+UseSerialGC", *_LATER)
TOOL_OPTIONS = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
