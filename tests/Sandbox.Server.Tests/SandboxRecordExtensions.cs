using System.Text.Json;
using Sandbox.Server.Engines.Bubblewrap;
using Sandbox.Server.Sandboxes;

namespace Sandbox.Server.Tests;

/// <summary>Reads the bubblewrap state of sandbox records.</summary>
internal static class SandboxRecordExtensions
{
    extension(SandboxRecord record)
    {
        public BubblewrapState State => record.EngineState!.Value.Deserialize(BubblewrapJson.Default.BubblewrapState)!;

        public uint UserId => record.State.UserId;

        public string[] Groups => record.State.Groups;

        public BubblewrapProcess? Process => record.State.Process;

        public SandboxRecord WithState(BubblewrapState state) =>
            record with { EngineState = JsonSerializer.SerializeToElement(state, BubblewrapJson.Default.BubblewrapState) };
    }
}
