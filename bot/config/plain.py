"""What a configuration is written with: texts, numbers, lists and mappings, in the words of the file."""

Plain = str | int | list["Plain"] | dict[str, "Plain"]
