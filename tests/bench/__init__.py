"""What the gateway costs: CPU of cold starts and of warm requests, as ratios within one run."""
