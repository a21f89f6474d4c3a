"""Fleet: a small asset-tracking product that sends its audit events to Indelible."""
