"""Mistakes in metadata. Sources: docs.lightly.ai (metadata format) and the models of the official client."""

from contents.annotations.rules import error, hint, warning

SCHEMA_MISSING = error(
    "metadata-schema-missing",
    "There are files with metadata, but no schema.json, so that they are not used.",
    "Write .lightly/metadata/schema.json, a list of {name, path, defaultValue, valueDataType}.",
)
SCHEMA_NO_LIST = error("metadata-schema-no-list", "schema.json is not a list.", "Write a list of objects.")
SCHEMA_EMPTY = error(
    "metadata-schema-empty",
    "schema.json names no value.",
    "Add {name, path, defaultValue, valueDataType} for each value.",
)
SCHEMA_ENTRY = error(
    "metadata-schema-entry",
    "An entry of schema.json has not all of name, path, defaultValue and valueDataType.",
    "Add what is missing.",
)
SCHEMA_NAME = error("metadata-schema-name", "A name is no text or empty.", "Write the name as text.")
SCHEMA_NAME_REPEATED = error("metadata-schema-name-repeated", "Two entries have the same name.", "Rename one.")
SCHEMA_PATH = error(
    "metadata-schema-path", "This is not the path of a value.", "Write keys with dots between: scene.weather, tags[0]."
)
SCHEMA_PATH_REPEATED = error("metadata-schema-path-repeated", "Two entries have the same path.", "Delete one.")
SCHEMA_RESERVED = error(
    "metadata-schema-reserved", "The key lightly is one that Lightly uses itself.", "Rename the key."
)
SCHEMA_TYPE = error("metadata-schema-type", "There is no such valueDataType.", "Correct the type.")
SCHEMA_DEFAULT = error(
    "metadata-schema-default", "The default value does not fit the type.", "Write a value of this type, or null."
)
NO_SAMPLE = warning(
    "metadata-no-sample",
    "There is metadata for an image, video or frame that does not exist.",
    "Correct the name or the folder of the file, or delete it.",
)
NO_OBJECT = error("metadata-no-object", "The file is not an object.", 'Write {"type": "image", "metadata": {…}}.')
NO_METADATA = error("metadata-no-metadata", "The file has no object metadata.", 'Add "metadata": {}.')
FILE_NAME = error(
    "metadata-file-name",
    "file_name is not the path of the image or video that this file belongs to.",
    "Write the path of the image or video, relative to the root of the Input datasource.",
)
KIND = error("metadata-kind", "type is not image, video or frame.", 'Write "type": "image", "video" or "frame".')
KIND_WRONG = error(
    "metadata-kind-wrong", "type does not fit the file that the metadata belongs to.", "Correct the type."
)
VALUE = error("metadata-value", "A value is not of the type in schema.json.", "Write a value of this type.")
DATETIME = error(
    "metadata-datetime",
    "A date is not written as ISO 8601 in UTC.",
    "Write it like 2026-11-28T13:35:00.000Z.",
)
TIMESTAMP = error(
    "metadata-timestamp", "A timestamp looks like milliseconds.", "Write seconds since 1970: divide by 1000."
)
NEVER = error(
    "metadata-path-never",
    "No file has a value at a path of the schema.",
    "Correct the path in schema.json. It begins inside of metadata: scene.weather, not metadata.scene.weather.",
)
MANY = warning(
    "metadata-many-categories",
    "A categorical path has more than 100 different values.",
    "Use OTHER_STRING, or a number type, for values that are no categories.",
)
DEFAULTS = hint(
    "metadata-defaults",
    "Many images or videos have no metadata file: the default values apply to them.",
    "If that is not meant, check the folders and names of the files.",
)
ALL_DEFAULTS = warning(
    "metadata-all-defaults",
    "No file with metadata belongs to an image or video, so that all have the default values.",
    "Correct the folders and names of the files: the path of the image, with .json instead of its extension.",
)
UNUSED = hint(
    "metadata-unused",
    "Files have a value that schema.json does not name.",
    "Add it to schema.json, if it is meant to be used.",
)
