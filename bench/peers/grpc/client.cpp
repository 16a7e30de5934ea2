/* The client: one channel for the process, blocking unary calls. */
#include <grpcpp/grpcpp.h>

#include <cstdlib>
#include <string>

#include "api.h"
#include "calls.grpc.pb.h"
#include "common/connection.h"

static calls::Calls::Stub *stub()
{
    static calls::Calls::Stub *made = [] {
        grpc::ChannelArguments arguments;

        arguments.SetMaxSendMessageSize(-1);
        return calls::Calls::NewStub(grpc::CreateCustomChannel(std::string("unix:") + connection_path(),
                                                               grpc::InsecureChannelCredentials(), arguments))
            .release();
    }();

    return made;
}

static void check(const grpc::Status &status)
{
    if (!status.ok()) {
        fprintf(stderr, "gRPC: %s\n", status.error_message().c_str());
        abort();
    }
}

int nothing(void)
{
    grpc::ClientContext context;
    calls::Nothing request;
    calls::Integer reply;

    check(stub()->nothing(&context, request, &reply));
    return reply.value();
}

int add(int x, int y)
{
    grpc::ClientContext context;
    calls::Pair request;
    calls::Integer reply;

    request.set_x(x);
    request.set_y(y);
    check(stub()->add(&context, request, &reply));
    return reply.value();
}

int text(const char *s)
{
    grpc::ClientContext context;
    calls::Text request;
    calls::Integer reply;

    request.set_s(s);
    check(stub()->text(&context, request, &reply));
    return reply.value();
}

int point(struct point *p)
{
    grpc::ClientContext context;
    calls::Point request;
    calls::Integer reply;

    request.set_x(p->x);
    request.set_y(p->y);
    for (int i = 0; i < 4; i++)
        request.add_tag(p->tag[i]);
    check(stub()->point(&context, request, &reply));
    return reply.value();
}

double first(const double *v, size_t n)
{
    grpc::ClientContext context;
    calls::Doubles request;
    calls::Double reply;

    request.set_data(reinterpret_cast<const char *>(v), n * sizeof *v);
    check(stub()->first(&context, request, &reply));
    return reply.value();
}
