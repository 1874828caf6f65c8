"""A bridge from an Asterisk's manager interface to the generic signed webhook."""
