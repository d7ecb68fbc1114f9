"""A bad line between the simulated device and the real receiver, in simulated time.

The device is ``ecgd.node``'s, the receiver is the daemon's ``Intake``; nothing inside either is
replaced or told that it is on trial. Every sample carries its own number, so that each delivered
one shows where it truly belongs. All chance follows from a seed; no clock is read.
"""
