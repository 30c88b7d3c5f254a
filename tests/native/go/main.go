// Command native speaks with OnboardPerson from Go: an ordinary Temporal client, whose payloads the
// codec endpoint of web encrypts and decrypts. No key is here, and nothing else of likeness.
//
//	native VERB ONBOARDING [ASSET_URL]
//
// It reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TASK_QUEUE, CODEC_ENDPOINT and CODEC_TOKEN, and
// prints one JSON value. Status 1 and a sentence tell that it was refused.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
)

type object = map[string]any

const patience = 60 * time.Second

func main() {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	told, err := obey(ctx, os.Args[1], os.Args[2], append(os.Args[3:], "")[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, sentence(err))
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		os.Exit(1)
	}
}

func connected(withCodec bool) (client.Client, error) {
	options := client.Options{
		HostPort:  os.Getenv("TEMPORAL_ADDRESS"),
		Namespace: os.Getenv("TEMPORAL_NAMESPACE"),
		Logger:    sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(io.Discard, nil))),
	}
	if withCodec {
		options.DataConverter = encrypted()
		// Why something was refused is encrypted, too.
		options.FailureConverter = temporal.NewDefaultFailureConverter(
			temporal.DefaultFailureConverterOptions{
				DataConverter:          options.DataConverter,
				EncodeCommonAttributes: true,
			},
		)
	}
	return client.Dial(options)
}

func encrypted() converter.DataConverter {
	return converter.NewRemoteDataConverter(
		converter.GetDefaultDataConverter(),
		converter.RemoteDataConverterOptions{
			Endpoint: os.Getenv("CODEC_ENDPOINT"), // http://127.0.0.1:8001/codec
			ModifyRequest: func(request *http.Request) error {
				request.Header.Set("Authorization", "Bearer "+os.Getenv("CODEC_TOKEN"))
				request.Header.Set("X-Namespace", os.Getenv("TEMPORAL_NAMESPACE"))
				return nil
			},
		},
	)
}

func obey(ctx context.Context, verb, onboarding, url string) (any, error) {
	c, err := connected(verb != "start-in-clear")
	if err != nil {
		return nil, err
	}
	defer c.Close()
	id := "likeness/default/" + onboarding
	switch verb {
	case "start":
		return start(ctx, c, onboarding, url)
	case "start-in-clear":
		if _, err := start(ctx, c, onboarding, url); err != nil {
			return nil, err
		}
		return result(ctx, c, id)
	case "describe":
		return describe(ctx, c, id)
	case "status":
		return status(ctx, c, id)
	case "hint":
		return true, c.SignalWorkflow(ctx, id, "", "verification_callback", object{"attempt": 1})
	case "replace":
		return update(ctx, c, id, "replace_assets", object{
			"actor":  "shop",
			"assets": []object{{"name": "front", "url": url}},
		})
	case "cancel":
		return update(ctx, c, id, "cancel", object{"actor": "shop", "reason": "sold out"})
	case "result":
		return result(ctx, c, id)
	}
	return nil, errors.New("no such verb")
}

func start(ctx context.Context, c client.Client, onboarding, url string) (any, error) {
	order := object{"request": object{
		"onboarding": onboarding,
		"person":     "p-1",
		"assets":     []object{{"name": "front", "url": url}},
	}}
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       "likeness/default/" + onboarding,
		TaskQueue:                os.Getenv("TASK_QUEUE"),
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	}, "OnboardPerson", order)
	if err != nil {
		return nil, err
	}
	return run.GetID(), nil
}

func describe(ctx context.Context, c client.Client, id string) (any, error) {
	told, err := c.DescribeWorkflowExecution(ctx, id, "")
	if err != nil {
		return nil, err
	}
	var stage string
	var memo object
	info := told.WorkflowExecutionInfo
	clear := converter.GetDefaultDataConverter()
	if err := clear.FromPayload(info.SearchAttributes.IndexedFields["LikenessStage"], &stage); err != nil {
		return nil, err
	}
	if err := encrypted().FromPayload(info.Memo.Fields["likeness"], &memo); err != nil {
		return nil, err
	}
	return object{"stage": stage, "memo": memo}, nil
}

func status(ctx context.Context, c client.Client, id string) (any, error) {
	answer, err := c.QueryWorkflow(ctx, id, "", "status")
	if err != nil {
		return nil, err
	}
	var told object
	err = answer.Get(&told)
	return told, err
}

func update(ctx context.Context, c client.Client, id, name string, order object) (any, error) {
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   id,
		UpdateName:   name,
		WaitForStage: client.WorkflowUpdateStageCompleted,
		Args:         []any{order},
	})
	if err != nil {
		return nil, err
	}
	var told object
	err = handle.Get(ctx, &told)
	return told, err
}

func result(ctx context.Context, c client.Client, id string) (any, error) {
	var told object
	err := c.GetWorkflow(ctx, id, "").Get(ctx, &told)
	return told, err
}

// sentence gives code and sentence of a refusal, and whatever else went wrong as it is.
func sentence(err error) string {
	var refused *temporal.ApplicationError
	if errors.As(err, &refused) {
		return refused.Type() + ": " + refused.Message()
	}
	return err.Error()
}
