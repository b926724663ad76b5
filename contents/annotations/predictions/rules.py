"""Mistakes in predictions. Sources: docs.lightly.ai (prediction format) and the models of the official client."""

from contents.annotations.rules import error, hint, warning

# tasks.json and the folders of the tasks
TASKS_MISSING = error(
    "tasks-missing",
    "There are folders with predictions, but no tasks.json.",
    "Write .lightly/predictions/tasks.json, a list of the names of the folders.",
)
TASKS_NO_LIST = error("tasks-no-list", "tasks.json is not a list.", 'Write a list of names: ["my-task"].')
TASKS_EMPTY = error("tasks-empty", "tasks.json names no task.", "Add the names of the folders with predictions.")
TASKS_ENTRY = error("tasks-entry", "An entry of tasks.json is not a name.", "Write the name of a folder, as text.")
TASKS_REPEATED = error("tasks-repeated", "tasks.json names a task twice.", "Delete one of the two.")
TASKS_NO_FOLDER = error(
    "tasks-no-folder",
    "tasks.json names a task that has no folder.",
    "Correct the name, upload the folder, or take the name out of tasks.json.",
)
TASKS_UNLISTED = hint(
    "tasks-unlisted",
    "A folder is not named in tasks.json, so that its predictions are not used.",
    "Add its name to tasks.json, if the predictions are meant to be used.",
)
TASKS_NAME = error(
    "tasks-name",
    "A name of a task has characters that are not allowed.",
    "Use letters, digits and _ + = , . @ : / - only. Rename the folder too.",
)
TASKS_RESERVED = error(
    "tasks-reserved", "lightly_pretagging is a name that Lightly uses itself.", "Rename the task and its folder."
)

# schema.json of a task
SCHEMA_MISSING = error(
    "schema-missing",
    "A task has no schema.json.",
    "Write schema.json into the task's folder, with task_type and categories.",
)
SCHEMA_NO_OBJECT = error("schema-no-object", "schema.json is not an object.", "Write an object with task_type.")
SCHEMA_NO_TYPE = error("schema-no-type", "schema.json has no task_type.", 'Add "task_type".')
SCHEMA_TYPE = error("schema-type", "There is no such task_type.", "Correct the type.")
SCHEMA_NO_CATEGORIES = error("schema-no-categories", "schema.json has no list of categories.", 'Add "categories".')
SCHEMA_EMPTY = error("schema-empty", "The list of categories is empty.", 'Add categories: {"id": 0, "name": "dog"}.')
SCHEMA_CATEGORY = error("schema-category", "A category is not an object.", 'Write {"id": 0, "name": "dog"}.')
SCHEMA_ID = error("schema-id", "The id of a category is not a whole number from 0 on.", "Write a whole number.")
SCHEMA_ID_REPEATED = error("schema-id-repeated", "Two categories have the same id.", "Give each category its own id.")
SCHEMA_NAME = error("schema-name", "A category has no name.", "Write the name as text.")
SCHEMA_NAME_REPEATED = error(
    "schema-name-repeated", "Two categories have the same name.", "Give each category its own name."
)
SCHEMA_KEYPOINTS = error(
    "schema-keypoints",
    "The names or the skeleton of keypoints are wrong.",
    "Write the names as a list of texts, and the skeleton as pairs of their numbers, from 0 on.",
)
SCHEMA_KEY = hint("schema-key", "schema.json has a key that nobody reads.", "Delete the key, or correct its name.")

# Which files there are
NO_SAMPLE = warning(
    "prediction-no-sample",
    "There are predictions for an image or frame that does not exist.",
    "Correct the name or the folder of the file, or delete it.",
)
NO_FILE = warning(
    "sample-no-prediction",
    "An image or video has no file with predictions.",
    'Write a file for it. If nothing was found in it, write "predictions": [].',
)
ALL_MISSING = error(
    "task-all-missing",
    "No file of a task belongs to an image or video of the Input datasource: a run fails.",
    "Correct the names of the files: the path of the image, with .json instead of its extension.",
)
FRAME_NUMBER = error(
    "frame-number",
    "The video has no frame of this number, or the number has too few or too many digits.",
    "Number frames from 0 on, with as many digits as the number of frames has.",
)
FRAME_EXTENSION = error(
    "frame-extension",
    "The name of a frame has the extension of an image where that of the video belongs.",
    "Write the extension of the video: clip-007-mp4.json.",
)

# One file
NO_OBJECT = error("prediction-no-object", "The file is not an object.", 'Write {"file_name": …, "predictions": […]}.')
NO_LIST = error("prediction-no-list", "The file has no list of predictions.", 'Add "predictions": [].')
FILE_NAME = error(
    "prediction-file-name",
    "file_name is not the path of the image that this file belongs to.",
    "Write the path of the image, relative to the root of the Input datasource.",
)
FILE_KEY = hint("prediction-key", "The file has a key that nobody reads.", "Delete the key, or correct its name.")
ENTRY = error("prediction-entry", "A prediction is not an object.", 'Write {"category_id": …, …}.')
ENTRY_KEY = hint(
    "prediction-entry-key", "A prediction has a key that nobody reads.", "Delete the key, or correct its name."
)
CATEGORY_MISSING = error("category-missing", "A prediction has no category_id.", 'Add "category_id".')
CATEGORY_UNKNOWN = error(
    "category-unknown",
    "category_id is not an id of the schema.",
    "Write an id of the categories in schema.json, or add the category there.",
)
SCORE_MISSING = error("score-missing", "A prediction has no score.", 'Add "score", a number from 0 to 1.')
SCORE = error("score", "The score is not a number from 0 to 1.", "Write a number from 0 to 1.")
PROBABILITIES_LENGTH = error(
    "probabilities-length",
    "There are not as many probabilities as categories.",
    "Write one probability for each category, in the order of schema.json.",
)
PROBABILITIES_RANGE = error(
    "probabilities-range", "A probability is not a number from 0 to 1.", "Write numbers from 0 to 1."
)
PROBABILITIES_SUM = error(
    "probabilities-sum", "The probabilities don't add up to 1.", "Divide each one by the sum of all."
)
PROBABILITIES_ORDER = hint(
    "probabilities-order",
    "The highest probability belongs to another category than category_id.",
    "Check that the probabilities have the order of the categories in schema.json.",
)

# Boxes
BOX_MISSING = error("box-missing", "A prediction has no bbox.", 'Add "bbox": [x, y, width, height], in pixels.')
BOX = error(
    "box", "bbox is not a list of four numbers from 0 on.", "Write [x, y, width, height] in pixels, none negative."
)
BOX_EMPTY = warning("box-empty", "A box has no width or no height.", "Leave out boxes without area.")
BOX_OUTSIDE = warning(
    "box-outside", "A box reaches beyond the image.", "Cut the box at the edge of the image, or correct its numbers."
)
BOX_CORNERS = warning(
    "box-corners",
    "A box looks like two corners instead of corner, width and height.",
    "Write [x, y, width, height], not [x1, y1, x2, y2].",
)
BOX_RELATIVE = warning(
    "box-relative",
    "A box looks like fractions of the image instead of pixels.",
    "Multiply x and width by the image's width, y and height by its height.",
)

# Masks
MASK_MISSING = error(
    "mask-missing", "A prediction has no segmentation.", 'Add "segmentation", the lengths of runs row by row.'
)
MASK = error(
    "mask",
    "segmentation is not a list of whole numbers from 0 on.",
    "Write the lengths of runs, row by row, beginning with the zeros.",
)
MASK_POLYGON = error(
    "mask-polygon",
    "segmentation has the form of COCO instead of a list of run lengths.",
    "Turn polygons and COCO masks into the lengths of runs, row by row, beginning with the zeros.",
)
MASK_SUM = error(
    "mask-sum",
    "The runs of a mask don't add up to the pixels of the image.",
    "Write runs for all pixels: their sum is width x height.",
)
MASK_COLUMNS = error(
    "mask-columns",
    "A mask fits its box only if its runs go column by column.",
    "Write runs row by row. COCO's masks go column by column.",
)

# Keypoints
KEYPOINTS_MISSING = error(
    "keypoints-missing", "A prediction has no keypoints.", 'Add "keypoints": [x, y, confidence, …].'
)
KEYPOINTS = error(
    "keypoints",
    "keypoints are not three numbers each: x, y and confidence.",
    "Write x and y in pixels from 0 on, and the confidence from 0 to 1, for each keypoint.",
)
KEYPOINTS_NUMBER = error(
    "keypoints-number",
    "There are not as many keypoints as the schema names.",
    "Write all keypoints of the schema, in its order.",
)

# A whole task
NO_PROBABILITIES = hint(
    "task-no-probabilities",
    "No prediction of a task has probabilities, so that strategies by uncertainty see no difference.",
    "Add probabilities, if you want to select by uncertainty.",
)
NEVER_PREDICTED = hint(
    "category-never-predicted",
    "A category of the schema is never predicted.",
    "Check that ids and names of the categories belong together.",
)
NO_OBJECTS = hint(
    "task-no-objects", "Most files of a task have no predictions.", "Check the threshold of the model's scores."
)
