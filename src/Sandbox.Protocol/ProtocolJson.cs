using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Protocol;

/// <summary>Source-generated JSON of the contract: camel case, null values omitted, enums as camel-case strings.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    Converters =
    [
        typeof(SandboxStateConverter), typeof(SessionStateConverter), typeof(FileKindConverter), typeof(ProcessKindConverter),
        typeof(ProcessStateConverter), typeof(FileKindConverter), typeof(FileChangeTypeConverter), typeof(ContextStateConverter),
    ])]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ServerInfo))]
[JsonSerializable(typeof(SandboxCreateRequest))]
[JsonSerializable(typeof(SandboxInfo))]
[JsonSerializable(typeof(SandboxList))]
[JsonSerializable(typeof(RunningAnswer))]
[JsonSerializable(typeof(SessionCreateRequest))]
[JsonSerializable(typeof(SessionInfo))]
[JsonSerializable(typeof(SessionList))]
[JsonSerializable(typeof(SessionDeleted))]
[JsonSerializable(typeof(EnvironmentState))]
[JsonSerializable(typeof(EnvironmentPatch))]
[JsonSerializable(typeof(ExecRequest))]
[JsonSerializable(typeof(ExecExit))]
[JsonSerializable(typeof(ProcessInfo))]
[JsonSerializable(typeof(ProcessList))]
[JsonSerializable(typeof(SignalRequest))]
[JsonSerializable(typeof(WaitAnswer))]
[JsonSerializable(typeof(FileEntry))]
[JsonSerializable(typeof(FileWritten))]
[JsonSerializable(typeof(FileChange))]
[JsonSerializable(typeof(CheckoutRequest))]
[JsonSerializable(typeof(CheckoutProgress))]
[JsonSerializable(typeof(CheckoutResult))]
[JsonSerializable(typeof(Done))]
[JsonSerializable(typeof(ContextCreateRequest))]
[JsonSerializable(typeof(ContextInfo))]
[JsonSerializable(typeof(ContextList))]
[JsonSerializable(typeof(CodeRunRequest))]
[JsonSerializable(typeof(CodeResult))]
[JsonSerializable(typeof(CodeExit))]
[JsonSerializable(typeof(PortList))]
[JsonSerializable(typeof(TerminalMessage))]
[JsonSerializable(typeof(AgentConfiguration))]
[JsonSerializable(typeof(ReadyMessage))]
public sealed partial class ProtocolJson : JsonSerializerContext;

internal sealed class SandboxStateConverter() : JsonStringEnumConverter<SandboxState>(JsonNamingPolicy.CamelCase);

internal sealed class SessionStateConverter() : JsonStringEnumConverter<SessionState>(JsonNamingPolicy.CamelCase);

internal sealed class ProcessKindConverter() : JsonStringEnumConverter<ProcessKind>(JsonNamingPolicy.CamelCase);

internal sealed class ProcessStateConverter() : JsonStringEnumConverter<ProcessState>(JsonNamingPolicy.CamelCase);

internal sealed class FileKindConverter() : JsonStringEnumConverter<FileKind>(JsonNamingPolicy.CamelCase);

internal sealed class FileChangeTypeConverter() : JsonStringEnumConverter<FileChangeType>(JsonNamingPolicy.CamelCase);

internal sealed class ContextStateConverter() : JsonStringEnumConverter<ContextState>(JsonNamingPolicy.CamelCase);
