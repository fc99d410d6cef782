"""The web app: one file a tab; builds components and translates, decides nothing."""
