"""A broker that is told states and alarms: topics, what Home Assistant reads, and the line."""
