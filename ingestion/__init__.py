"""Ingestion: partners' deliveries become rows of the raw schema. Nothing is dropped silently."""
