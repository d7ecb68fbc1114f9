"""The drawings of docs/hardware.md: electrodes and wiring, as SVG that stands alone."""
