int use(box_ptr box, id_t_ id, ratio_t_ ratio, const struct tight *tight, struct flat flat);
