"""Readers and writers of files, over the field's own libraries; each is imported when it is first used."""
