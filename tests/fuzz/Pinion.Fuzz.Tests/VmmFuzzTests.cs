using System.Buffers.Binary;
using Pinion.Vmm;
using Pinion.Vmm.Devices;
using Pinion.Vmm.Devices.NineP;
using Pinion.Vmm.Devices.Virtio;
using Pinion.Vmm.DeviceTree;
using Pinion.Vmm.Loaders;

namespace Pinion.Fuzz.Tests;

/// <summary>
/// Bytes that a guest or a file may contain: whatever they are, no exception, no access outside RAM, no work without end. PINION_FUZZ_SCALE multiplies the rounds,
/// PINION_FUZZ_SEED chooses others.
/// </summary>
public sealed class VmmFuzzTests
{
    private const ulong RamBase = 0x40000000;
    private const int RamSize = 1 << 20;

    private static readonly int s_scale = int.TryParse(Environment.GetEnvironmentVariable("PINION_FUZZ_SCALE"), out int scale) ? scale : 1;
    private static readonly int s_seed = int.TryParse(Environment.GetEnvironmentVariable("PINION_FUZZ_SEED"), out int seed) ? seed : 1;

    [Fact]
    public void AnyDeviceTreeIsReadOrDiagnosed()
    {
        Random random = new(s_seed);
        byte[] good = Tree();
        int read = 0;
        for (int round = 0; round < 20_000 * s_scale; round++)
        {
            byte[] blob = Damage(random, good);
            Result<FdtTree> result = FdtReader.Read(blob, "fuzz");
            if (result.TryGet(out FdtTree tree, out Problem? problem))
            {
                // What was accepted can be patched and written again.
                read++;
                tree.Patch("fuzz", "console=ttyAMA0", (1, 2), (RamBase, RamSize));
                FdtReader.Read(tree.ToBlob(), "again").Problem.ShouldBeNull();
            }
            else
            {
                problem.Message.ShouldContain("offset ");
            }
        }

        read.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void AnyKernelIsLoadedOrDiagnosedAndStaysInMemory()
    {
        Random random = new(s_seed);
        byte[][] seeds = [Image(), Elf(), Gzip(Image())];
        int loaded = 0;
        GuardedMemory memory = new(RamBase, RamSize);
        for (int round = 0; round < 5_000 * s_scale; round++)
        {
            byte[] file = Damage(random, seeds[round % seeds.Length]);
            Result<LoadedKernel> result = KernelLoader.Load(new MemoryStream(file), round % 7 == 0 ? "fuzz.bin" : "fuzz", memory, RamBase, RamSize);
            if (result.TryGet(out LoadedKernel kernel, out Problem? problem))
            {
                loaded++;
                kernel.Start.ShouldBeGreaterThanOrEqualTo(RamBase);
                kernel.End.ShouldBeLessThanOrEqualTo(RamBase + RamSize);
                kernel.Entry.ShouldBeInRange(kernel.Start, kernel.End);
            }
            else
            {
                problem.Message.ShouldNotBeEmpty();
            }
        }

        loaded.ShouldBeGreaterThan(0);
    }

    [Fact]
    public void AnyRingLeavesTheHostAlone()
    {
        Random random = new(s_seed);
        GuardedMemory memory = new(RamBase, 64 << 10);
        int served = 0;
        for (int round = 0; round < 20_000 * s_scale; round++)
        {
            CountingDevice device = new();
            VirtioMmio transport = new(0x0a000000, 16, new NoLine(), memory, device);
            random.NextBytes(memory.Bytes.AsSpan(0, 0x400));

            // Mostly plausible descriptors, or the fuzzer would never come past the first check.
            for (int i = 0; i < 16; i++)
            {
                Span<byte> raw = memory.Bytes.AsSpan(i * 16, 16);
                BinaryPrimitives.WriteUInt64LittleEndian(raw, random.Next(20) == 0 ? (ulong)random.NextInt64() : RamBase + (ulong)random.Next(0x10000));
                BinaryPrimitives.WriteUInt32LittleEndian(raw[8..], random.Next(20) == 0 ? (uint)random.Next() : (uint)random.Next(0x800) & ~15u);
                BinaryPrimitives.WriteUInt16LittleEndian(raw[12..], (ushort)random.Next(random.Next(10) == 0 ? 65536 : 8));
                BinaryPrimitives.WriteUInt16LittleEndian(raw[14..], (ushort)random.Next(random.Next(10) == 0 ? 65536 : 16));
            }

            BinaryPrimitives.WriteUInt16LittleEndian(memory.Bytes.AsSpan(0x202), (ushort)random.Next(random.Next(10) == 0 ? 65536 : 9));
            for (int i = 0; i < 16; i++)
            {
                BinaryPrimitives.WriteUInt16LittleEndian(memory.Bytes.AsSpan(0x204 + i * 2), (ushort)random.Next(random.Next(10) == 0 ? 65536 : 16));
            }

            Start(transport, random);
            for (int i = 0; i < 4; i++)
            {
                transport.Write(random.Next(4) == 0 ? (ulong)random.Next(0x200) : 0x50, 4, random.Next(3) == 0 ? (uint)random.Next() : 0);
                transport.Read((ulong)random.Next(0x200), 1 << random.Next(4));
            }

            served += device.Served;
        }

        served.ShouldBeGreaterThan(100);
    }

    [Fact]
    public void AnyNinePMessageIsAnsweredWithinTheSharedDirectory()
    {
        Random random = new(s_seed);
        string top = Directory.CreateTempSubdirectory("pinion-fuzz-").FullName;
        try
        {
            string share = Directory.CreateDirectory(Path.Combine(top, "share")).FullName;
            File.WriteAllText(Path.Combine(top, "secret"), "secret");
            File.CreateSymbolicLink(Path.Combine(share, "l"), Path.Combine(top, "secret"));
            Directory.CreateSymbolicLink(Path.Combine(share, "u"), top);
            using NinePServer server = NinePServer.Open(share).Value;
            byte[] response = new byte[16 << 10];
            int errors = 0;
            int rounds = 30_000 * s_scale;
            for (int round = 0; round < rounds; round++)
            {
                byte[] message = round % 50 == 0 ? Hello(round % 100 == 0) : Request(random);
                int room = random.Next(20) == 0 ? random.Next(64) : response.Length;
                int length = server.Handle(message, response.AsSpan(0, room));
                length.ShouldBeLessThanOrEqualTo(room);
                if (room >= 11)
                {
                    BinaryPrimitives.ReadInt32LittleEndian(response).ShouldBe(length);
                    errors += response[4] == 7 ? 1 : 0;
                }
            }

            errors.ShouldBeLessThan(rounds, "nothing ever worked: the fuzzer is blind");
            File.ReadAllText(Path.Combine(top, "secret")).ShouldBe("secret");
            Directory.EnumerateFileSystemEntries(top).Select(Path.GetFileName).Order().ShouldBe(["secret", "share"]);
        }
        finally
        {
            // The server made names that are no UTF-8, which .NET cannot spell.
            using System.Diagnostics.Process remove = System.Diagnostics.Process.Start("rm", ["-rf", top]);
            remove.WaitForExit();
        }
    }

    private static void Start(VirtioMmio transport, Random random)
    {
        transport.Write(0x24, 4, 1);
        transport.Write(0x20, 4, 1);
        transport.Write(0x24, 4, 0);
        transport.Write(0x20, 4, random.Next(2) == 0 ? 0x30000000u : 0);
        transport.Write(0x70, 4, 11);
        transport.Write(0x38, 4, random.Next(10) == 0 ? (uint)random.Next(70000) : 16);
        transport.Write(0x80, 4, (uint)RamBase);
        transport.Write(0x90, 4, (uint)RamBase + 0x200);
        transport.Write(0xa0, 4, random.Next(10) == 0 ? (uint)random.Next() : (uint)RamBase + 0x300);
        transport.Write(0x44, 4, 1);
        transport.Write(0x70, 4, 15);
    }

    private static byte[] Damage(Random random, byte[] good)
    {
        byte[] bytes = [.. good];
        for (int i = random.Next(6); i > 0; i--)
        {
            int at = random.Next(random.Next(2) == 0 ? Math.Min(128, bytes.Length) : bytes.Length);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;

                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;

                case 2:
                    random.NextBytes(bytes.AsSpan(at, Math.Min(8, bytes.Length - at)));
                    break;

                default:
                    bytes.AsSpan(at, Math.Min(4, bytes.Length - at)).Fill(random.Next(2) == 0 ? (byte)0xff : (byte)0);
                    break;
            }
        }

        return random.Next(8) == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
    }

    private static byte[] Hello(bool version)
    {
        MemoryStream stream = new();
        BinaryWriter writer = new(stream);
        writer.Write(0);
        writer.Write((byte)(version ? 100 : 104));
        writer.Write((ushort)0);
        writer.Write(version ? 8192u : 0u);
        if (version)
        {
            Text(writer, "9P2000.L");
        }
        else
        {
            writer.Write(uint.MaxValue);
            Text(writer, "u");
            Text(writer, "");
            writer.Write(0u);
        }

        return Sized(stream);
    }

    private static byte[] Request(Random random)
    {
        byte[] types = [8, 12, 14, 16, 18, 20, 22, 24, 26, 30, 32, 40, 50, 52, 54, 70, 72, 74, 76, 104, 108, 110, 116, 118, 120, 122];
        string[] names = ["a", "b", "c", "..", ".", "l", "u", "secret", "../secret", "/etc/passwd", "", new string('n', 300)];
        MemoryStream stream = new();
        BinaryWriter writer = new(stream);
        byte type = random.Next(20) == 0 ? (byte)random.Next(256) : types[random.Next(types.Length)];
        writer.Write(0);
        writer.Write(type);
        writer.Write((ushort)random.Next(65536));
        writer.Write((uint)random.Next(6));
        if (type == 110)
        {
            writer.Write((uint)random.Next(6));
            writer.Write((ushort)random.Next(3));
        }
        else if (type is 70 or 20)
        {
            writer.Write((uint)random.Next(6));
        }

        for (int i = random.Next(5); i > 0; i--)
        {
            if (random.Next(2) == 0)
            {
                Text(writer, names[random.Next(names.Length)]);
            }
            else
            {
                writer.Write(random.Next(3) switch { 0 => (uint)random.Next(8), 1 => (uint)random.Next(), _ => 0u });
            }
        }

        byte[] message = Sized(stream);
        return random.Next(10) == 0 ? Damage(random, message) : message;
    }

    private static void Text(BinaryWriter writer, string text)
    {
        writer.Write((ushort)text.Length);
        writer.Write(System.Text.Encoding.ASCII.GetBytes(text));
    }

    private static byte[] Sized(MemoryStream stream)
    {
        byte[] message = stream.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        return message;
    }

    private static byte[] Tree()
    {
        FdtWriter writer = new();
        writer.Reserve(0x1000, 0x1000);
        writer.BeginNode("");
        writer.Cells("#address-cells", 2);
        writer.Cells("#size-cells", 2);
        for (int i = 0; i < 4; i++)
        {
            writer.BeginNode($"node@{i}");
            writer.Strings("compatible", "a,b", "c,d");
            writer.Cells64("reg", (ulong)i, 1);
            writer.BeginNode("leaf");
            writer.Flag("flag");
            writer.EndNode();
            writer.EndNode();
        }

        writer.EndNode();
        return writer.Finish();
    }

    private static byte[] Image()
    {
        byte[] image = new byte[4096];
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(8), 0x80000);
        BinaryPrimitives.WriteUInt64LittleEndian(image.AsSpan(16), 0x2000);
        "ARM\x64"u8.CopyTo(image.AsSpan(56));
        return image;
    }

    private static byte[] Elf()
    {
        byte[] elf = new byte[64 + 56 * 2 + 64];
        ((ReadOnlySpan<byte>)[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1]).CopyTo(elf);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(16), 2);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(18), 183);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(24), RamBase + 0x1000);
        BinaryPrimitives.WriteUInt64LittleEndian(elf.AsSpan(32), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(54), 56);
        BinaryPrimitives.WriteUInt16LittleEndian(elf.AsSpan(56), 2);
        for (int i = 0; i < 2; i++)
        {
            Span<byte> header = elf.AsSpan(64 + i * 56);
            BinaryPrimitives.WriteUInt32LittleEndian(header, 1);
            BinaryPrimitives.WriteUInt64LittleEndian(header[8..], 64 + 112);
            BinaryPrimitives.WriteUInt64LittleEndian(header[16..], RamBase + 0x1000 * (ulong)(i + 1));
            BinaryPrimitives.WriteUInt64LittleEndian(header[24..], RamBase + 0x1000 * (ulong)(i + 1));
            BinaryPrimitives.WriteUInt64LittleEndian(header[32..], 64);
            BinaryPrimitives.WriteUInt64LittleEndian(header[40..], 0x800);
        }

        return elf;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        MemoryStream stream = new();
        using (System.IO.Compression.GZipStream gzip = new(stream, System.IO.Compression.CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    /// <summary>RAM whose spans end where RAM ends: an access beyond is an exception, which fails the test.</summary>
    private sealed class GuardedMemory(ulong guestBase, int size) : IGuestMemory
    {
        public byte[] Bytes { get; } = new byte[size];

        public bool TryGetSpan(ulong address, ulong length, out Span<byte> span)
        {
            ulong offset = address - guestBase;
            bool inside = address >= guestBase && offset <= (ulong)Bytes.Length && length <= (ulong)Bytes.Length - offset;
            span = inside ? Bytes.AsSpan((int)offset, (int)length) : default;
            return inside;
        }
    }

    private sealed class NoLine : IInterruptLine
    {
        public void Set(bool level)
        {
        }
    }

    private sealed class CountingDevice : IVirtioDevice
    {
        private readonly byte[] _buffer = new byte[4096];

        public int Served { get; private set; }

        public uint DeviceId => 9;

        public ulong Features => 0;

        public ushort QueueSize => 16;

        public ReadOnlySpan<byte> Config => default;

        public uint Handle(DescriptorChain chain, IGuestMemory memory)
        {
            Served++;
            int count = chain.CopyFrom(memory, _buffer);
            return (uint)chain.CopyTo(memory, _buffer.AsSpan(0, count));
        }

        public void Reset()
        {
        }
    }
}
