"""What a paid order says beside what was asked, fixed before its first try."""

from datetime import timedelta

from temporalio import workflow

from likeness.messages.steps import GenerationPrepared, PrepareGeneration
from likeness.steps import PREPARE_GENERATION
from workflows.performing import AGAIN

PREPARED_WITHIN = timedelta(seconds=10)


async def prepared_for(video_id: str) -> GenerationPrepared:
    """Fix it for the video's run; in a task that takes a local step anyhow it costs no action."""
    prepared: GenerationPrepared = await workflow.execute_local_activity(
        PREPARE_GENERATION.name,
        PrepareGeneration(workflow_id=video_id),
        result_type=PREPARE_GENERATION.gives,
        start_to_close_timeout=PREPARED_WITHIN,
        retry_policy=AGAIN,
    )
    return prepared
