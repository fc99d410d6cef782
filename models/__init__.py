"""Everything that needs torch: the encoder, and in time the grader and the reference models."""
