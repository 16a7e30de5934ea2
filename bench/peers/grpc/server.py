"""What protoc's Python plugin would write for calls.proto, by hand: it is not packaged everywhere."""
import concurrent.futures
import sys

import calls_pb2 as messages
import functions
import grpc


def integer(function):
    return lambda request, context: messages.Integer(value=function(request))


METHODS = {
    "nothing": (messages.Nothing, integer(lambda r: functions.nothing())),
    "add": (messages.Pair, integer(lambda r: functions.add(r.x, r.y))),
    "text": (messages.Text, integer(lambda r: functions.text(r.s))),
    "point": (messages.Point, integer(lambda r: functions.point(r.x, r.y, r.tag))),
    "first": (messages.Doubles, lambda r, context: messages.Double(value=functions.first(r.data))),
}


def main():
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(max_workers=64),
                         options=[("grpc.max_receive_message_length", -1)])
    handlers = {name: grpc.unary_unary_rpc_method_handler(function, request_deserializer=kind.FromString,
                                                          response_serializer=lambda message: message.SerializeToString())
                for name, (kind, function) in METHODS.items()}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("calls.Calls", handlers),))
    server.add_insecure_port("unix:" + sys.argv[1])
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


main()
