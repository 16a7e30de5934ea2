"""gRPC, unary calls over a Unix socket: a client in C++, a server in Python.  Arrays of 64 MiB are beyond what a
message may hold by default on either side, so that limit is lifted."""
TITLE = "gRPC over a Unix socket"
PACKAGES = ["libgrpc++-dev", "libprotobuf-dev", "protobuf-compiler", "protobuf-compiler-grpc", "g++", "python3-grpcio", "python3-protobuf"]
WORKS = {"nothing", "add", "text", "point", "first", "threads", "processes", "first call", "asleep"}


def build(kit):
    kit.copy("common/functions.py")
    kit.run("protoc", "--cpp_out=.", "--grpc_out=.", "--python_out=.",
            "--plugin=protoc-gen-grpc=" + kit.program("grpc_cpp_plugin"), "calls.proto")
    kit.compile_library("client.cpp", "calls.pb.cc", "calls.grpc.pb.cc", "-lgrpc++", "-lgrpc", "-lprotobuf", "-lgpr")


def start(kit):
    kit.serve("server.py")
