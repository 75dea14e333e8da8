"""The reviewers' desk: from a finding to a decision that stands."""
