#pragma pack(push, 3)
