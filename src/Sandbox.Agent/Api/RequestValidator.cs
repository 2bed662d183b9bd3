using Sandbox.Agent.Sessions;
using Sandbox.Protocol;

namespace Sandbox.Agent.Api;

/// <summary>Checks requests to run commands and code.</summary>
internal static class RequestValidator
{
    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>, <see cref="ErrorCodes.Unsupported"/>.</exception>
    public static void Validate(ExecRequest request)
    {
        RequestFields.RejectUnknownFields(request.Unknown);
        if (request.Command is null && request.Argv is null or { Length: 0 })
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "argv must be a non-empty array, or 'command' a text for the shell.");
        }

        if (request.Command is not null && request.Argv is not null)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "Give either 'argv' or 'command', not both.");
        }

        if (request.Stdin is not null && request.StdinOpen)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "Give either 'stdin' or 'stdinOpen', not both.");
        }

        foreach (string text in request.Argv ?? [request.Command!])
        {
            if (text is null || text.Contains('\0'))
            {
                throw new ApiException(ErrorCodes.InvalidRequest, text is null
                    ? "argv must hold texts only, and one is null."
                    : "A command cannot contain a NUL character. Pass such data through standard input.");
            }
        }

        if (request.Cwd?.Contains('\0') == true)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "A directory's name cannot contain a NUL character.");
        }

        _ = new EnvironmentChanges(request.Env, request.SecretEnv).Validated();
        TimeLimit.Require(request.TimeoutMs, "timeout_ms");
    }

    /// <exception cref="ApiException"><see cref="ErrorCodes.InvalidRequest"/>, <see cref="ErrorCodes.Unsupported"/>.</exception>
    public static void Validate(CodeRunRequest request)
    {
        RequestFields.RejectUnknownFields(request.Unknown);
        if (request.Code is null)
        {
            throw new ApiException(ErrorCodes.InvalidRequest, "'code' must be the code to run.");
        }

        _ = new EnvironmentChanges(request.Env, request.SecretEnv).Validated();
        TimeLimit.Require(request.TimeoutMs, "timeoutMs");
    }
}
