using System.Buffers.Binary;
using System.Text;
using Pinion.Vmm.Devices.NineP;

namespace Pinion.Vmm.Tests.Support;

/// <summary>Builds 9P requests field by field: u8, u16, u32, u64 and strings by their C# type.</summary>
internal sealed class NinePClient(NinePServer server)
{
    public const byte ErrorReply = 7;

    private readonly byte[] _response = new byte[64 << 10];

    /// <summary>Sends a request that must work: the body of the answer.</summary>
    public byte[] Call(byte type, params object[] fields)
    {
        byte[] answer = Send(type, fields);
        if (answer[4] == ErrorReply)
        {
            throw new InvalidOperationException($"request {type} failed with errno {BinaryPrimitives.ReadUInt32LittleEndian(answer.AsSpan(7))}");
        }

        answer[4].ShouldBe((byte)(type + 1));
        return answer[7..];
    }

    /// <summary>Sends a request that must fail: the errno.</summary>
    public int Fail(byte type, params object[] fields)
    {
        byte[] answer = Send(type, fields);
        answer[4].ShouldBe(ErrorReply);
        return BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(7));
    }

    public void Start()
    {
        Call(100, 8192u, "9P2000.L");
        Call(104, 0u, uint.MaxValue, "root", "", 0u);
    }

    /// <summary>Walks from the root: errno, or 0 when the new fid stands for the last name.</summary>
    public int Walk(uint newFid, params string[] names)
    {
        byte[] answer = Send(110, [0u, newFid, (ushort)names.Length, .. names]);
        return answer[4] == ErrorReply ? BinaryPrimitives.ReadInt32LittleEndian(answer.AsSpan(7))
            : BinaryPrimitives.ReadUInt16LittleEndian(answer.AsSpan(7)) == names.Length ? 0 : -1;
    }

    public string ReadText(uint fid)
    {
        byte[] body = Call(116, fid, 0UL, 4096u);
        return Encoding.UTF8.GetString(body, 4, body.Length - 4);
    }

    public static byte[] Message(byte type, params object[] fields)
    {
        MemoryStream stream = new();
        BinaryWriter writer = new(stream);
        writer.Write(0);
        writer.Write(type);
        writer.Write((ushort)1);
        foreach (object field in fields)
        {
            switch (field)
            {
                case byte value: writer.Write(value); break;
                case ushort value: writer.Write(value); break;
                case uint value: writer.Write(value); break;
                case ulong value: writer.Write(value); break;
                case byte[] value: writer.Write(value); break;
                case string value:
                    writer.Write((ushort)Encoding.UTF8.GetByteCount(value));
                    writer.Write(Encoding.UTF8.GetBytes(value));
                    break;
                default: throw new ArgumentException(field.GetType().Name);
            }
        }

        byte[] message = stream.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(message, message.Length);
        return message;
    }

    private byte[] Send(byte type, params object[] fields)
    {
        int length = server.Handle(Message(type, fields), _response);
        length.ShouldBeGreaterThanOrEqualTo(7);
        BinaryPrimitives.ReadInt32LittleEndian(_response).ShouldBe(length);
        return _response[..length];
    }
}
