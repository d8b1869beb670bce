"""The page: its sections, pictures, and sentences computed from numbers."""
