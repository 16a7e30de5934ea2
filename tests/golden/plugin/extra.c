int plugin_counter = 1;
