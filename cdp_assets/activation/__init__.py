"""Acting on segments: what each destination is to be told, through which gates, and telling it effectively once."""
