"""The quantised networks that are installed with the package: ``*.tflite`` and manifest.json.

Without a manifest the daemon runs on rules and says so.
"""
